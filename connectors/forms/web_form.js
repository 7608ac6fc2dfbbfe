/* leadhub capture: remembers where a visit came from and fills it into forms with data-leadhub. ES5. */
(function (time) {
  'use strict';
  var KEY = 'leadhub', DAYS = 90, MAX = 500;
  var TAGS = ('utm_source utm_medium utm_campaign utm_term utm_content utm_id gclid gbraid wbraid dclid fbclid ' +
    'msclkid ttclid twclid li_fat_id bd_vid qz_gdt clickid').split(' ');

  function plain(text) {
    try { return decodeURIComponent(text.replace(/\+/g, ' ')).slice(0, MAX); } catch (e) { return text.slice(0, MAX); }
  }
  function cookie(name) {
    return plain((document.cookie.match(new RegExp('(?:^|; )' + name + '=([^;]*)')) || ['', ''])[1]);
  }
  function firstTouch() { /* the first visit, or the first with tags when that one had none */
    var known = null, now = {at: +new Date(), tagged: false, fields: {}};
    TAGS.forEach(function (tag) {
      var found = location.search.match(new RegExp('[?&]' + tag + '=([^&]+)'));
      if (found) { now.fields[tag] = plain(found[1]); now.tagged = true; }
    });
    now.fields.landing_page = location.href.slice(0, MAX);
    now.fields.referrer = document.referrer.slice(0, MAX);
    try { known = JSON.parse(localStorage.getItem(KEY)); } catch (e) { /* no storage: this page is all we know */ }
    if (known && known.fields && now.at - known.at < DAYS * 864e5 && (known.tagged || !now.tagged)) {
      return known.fields;
    }
    try { localStorage.setItem(KEY, JSON.stringify(now)); } catch (e) { /* likewise */ }
    return now.fields;
  }
  function uuid() {
    function digit() { return (Math.random() * 16 | 0).toString(16); }
    if (window.crypto && window.crypto.randomUUID) { return window.crypto.randomUUID(); }
    return 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, digit);
  }
  function set(form, name, value, anew) {
    var field = form.elements[name];
    if (!value || (field && field.value && !anew)) { return; }
    if (!field) { field = form.appendChild(document.createElement('input')); field.type = 'hidden'; field.name = name; }
    field.value = value;
  }
  function fill(form) {
    var name, touch = firstTouch(), here = {page_url: location.href.slice(0, MAX), fbp: cookie('_fbp'),
      fbc: cookie('_fbc'), submission_id: uuid()};
    for (name in touch) { set(form, name, touch[name]); }
    for (name in here) { set(form, name, here[name]); }
    set(form, '_time', time, true);
  }
  function fillAll() { firstTouch(); [].forEach.call(document.querySelectorAll('form[data-leadhub]'), fill); }

  document.addEventListener('submit', function (event) {
    if (event.target.hasAttribute('data-leadhub')) { fill(event.target); event.target.leadhubSent = true; }
  }, true);
  document.addEventListener('input', function (event) { /* changed after it was sent: a submission of its own */
    var form = event.target.form;
    if (form && form.leadhubSent) { form.leadhubSent = false; set(form, 'submission_id', uuid(), true); }
  }, true);
  if (document.readyState === 'loading') { document.addEventListener('DOMContentLoaded', fillAll); } else { fillAll(); }
})('__TIME__');
