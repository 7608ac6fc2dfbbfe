"""Contact Form 7: takes the forms of the WordPress plugin, posted by its addon CF7 to Webhook."""

from collections.abc import Iterable

from hub import BadInput, Inbound, RawLead, Receipt, Reply, UnsignedSource, fingerprint, hookimpl

OWN = "_wpcf7"  # what the plugin's own fields start with; they say nothing of the person


class ContactForm7(UnsignedSource):
    """Forms as CF7 to Webhook posts them; put [_serial_number] or [_date] and [_time] in, and repeats are known."""

    name = "contact_form_7"
    title = "Contact Form 7"
    docs_url = "https://wordpress.org/plugins/cf7-to-zapier/"
    confirmed = (
        "the addon posts JSON of all tags after the mail was sent, once, unsigned, and waits 30 seconds; several values"
        " are a list, files public addresses, special mail tags only where they are named (the addon's code)",
        "an answer whose status is not in its list shows the visitor an error (the addon's code); it hears 200",
    )
    unconfirmed = (
        "forms posted straight from the page carry fields that start with _wpcf7; they are left out",
        "there is no id of an entry: [_serial_number] is one where it is named (needs Flamingo), else [_date] and "
        "[_time] with all that was written",
    )

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        fields = inbound.payload()
        if not isinstance(fields, dict):
            raise BadInput(f"The form must be one JSON object, not {type(fields).__name__}.")
        data = {name: value for name, value in fields.items() if not name.startswith(OWN)}
        number = data.get("_serial_number")
        timed = bool(data.get("_date") and data.get("_time"))
        whole = fingerprint(data) if timed else None
        yield RawLead(str(number) if isinstance(number, (str, int)) and str(number).strip() else whole, data)

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply:
        """Answer 200: any other status may make the plugin tell the visitor that the form failed."""
        return Reply.json({"ok": True, "submission": receipt.submission})


@hookimpl
def hub_register() -> Iterable[type[ContactForm7]]:
    yield ContactForm7
