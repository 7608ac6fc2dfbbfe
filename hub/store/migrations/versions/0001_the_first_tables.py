"""The first tables."""

import sqlalchemy as sa
from alembic import op

from hub.store.types import Json, Utc

revision = "0001"
down_revision = None
compatible = False  # True: a leadhub that was made for the schema before and runs may go on


def upgrade() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("until", Utc(), nullable=True),
        sa.Column("cover", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("begun_at", Utc(), nullable=True),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index("absence_member", ["member", "since"], unique=False)

    op.create_table(
        "access_token",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=True),
        sa.Column("asked_until", Utc(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "activity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("heard_at", Utc(), nullable=False),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("human", sa.Boolean(), nullable=False),
        sa.Column("word", sa.String(), nullable=True),
        sa.Column("disposition", sa.String(), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("data", Json(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.create_index("activity_lead", ["lead", "at"], unique=False)
        batch_op.create_index("activity_once", ["sink", "key"], unique=True)

    op.create_table(
        "alarm",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("sink", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("data", Json(), nullable=True),
        sa.Column("raised_at", Utc(), nullable=False),
        sa.Column("closed_at", Utc(), nullable=True),
        sa.Column("acknowledged_at", Utc(), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("told", Json(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.create_index(
            "alarm_open",
            ["name"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index("alarm_state", ["state", "id"], unique=False)

    op.create_table(
        "api_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("expires_at", Utc(), nullable=True),
        sa.Column("last_used_at", Utc(), nullable=True),
        sa.Column("revoked_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("ms", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index("attempt_delivery", ["delivery", "number", "fence"], unique=True)

    op.create_table(
        "auction",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("submission", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("done_at", Utc(), nullable=True),
        sa.Column("floor", sa.Float(), nullable=False),
        sa.Column("winner", sa.String(), nullable=True),
        sa.Column("price", sa.Float(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("fallback", Json(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("auction", schema=None) as batch_op:
        batch_op.create_index("auction_state", ["state", "at"], unique=False)
        batch_op.create_index("auction_submission", ["submission"], unique=False)

    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("request", sa.String(), nullable=True),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=True),
        sa.Column("data", Json(), nullable=True),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("audit_target", ["target", "id"], unique=False)
        batch_op.create_index("audit_what", ["what", "id"], unique=False)
        batch_op.create_index("audit_who", ["who", "id"], unique=False)

    op.create_table(
        "bid",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("auction", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("buyer", sa.String(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("price", sa.Float(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("until", Utc(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("stop_after", Json(), nullable=True),
        sa.Column("owed_at", Utc(), nullable=True),
        sa.Column("done_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("bid", schema=None) as batch_op:
        batch_op.create_index("bid_buyer", ["buyer", "owed_at"], unique=False)
        batch_op.create_index("bid_delivery", ["delivery"], unique=True)
        batch_op.create_index("bid_once", ["auction", "place"], unique=True)
        batch_op.create_index(
            "bid_until",
            ["until"],
            unique=False,
            sqlite_where=sa.text("state = 'owed'"),
            postgresql_where=sa.text("state = 'owed'"),
        )

    op.create_table(
        "care",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=True),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("team", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("pool", sa.String(), nullable=True),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("former", Json(), nullable=True),
        sa.Column("domain", sa.String(), nullable=True),
        sa.Column("firm", sa.String(), nullable=True),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("received_at", Utc(), nullable=False),
        sa.Column("decided_at", Utc(), nullable=False),
        sa.Column("delivered_at", Utc(), nullable=True),
        sa.Column("accepted_at", Utc(), nullable=True),
        sa.Column("responded_at", Utc(), nullable=True),
        sa.Column("responded_by", sa.String(), nullable=True),
        sa.Column("target", sa.Float(), nullable=True),
        sa.Column("calendar", sa.String(), nullable=True),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("breached_at", Utc(), nullable=True),
        sa.Column("waited", sa.Float(), nullable=True),
        sa.Column("held", sa.Float(), nullable=True),
        sa.Column("touched_at", Utc(), nullable=True),
        sa.Column("disposition", sa.String(), nullable=True),
        sa.Column("disposed_at", Utc(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("closed_at", Utc(), nullable=True),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("handed_on", sa.Integer(), nullable=False),
        sa.Column("embargo_until", Utc(), nullable=True),
        sa.Column("protected_until", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("care", schema=None) as batch_op:
        batch_op.create_index(
            "care_disposition",
            ["disposition", "lead"],
            unique=False,
            sqlite_where=sa.text("current = 1 AND disposition IS NOT NULL"),
            postgresql_where=sa.text("current AND disposition IS NOT NULL"),
        )
        batch_op.create_index("care_domain", ["domain", "id"], unique=False)
        batch_op.create_index(
            "care_due",
            ["due_at", "id", "team", "owner"],
            unique=False,
            sqlite_where=sa.text("current = 1 AND closed_at IS NULL AND test = 0 AND responded_at IS NULL"),
            postgresql_where=sa.text("current AND closed_at IS NULL AND NOT test AND responded_at IS NULL"),
        )
        batch_op.create_index("care_firm", ["firm", "id"], unique=False)
        batch_op.create_index("care_lead", ["lead", "round"], unique=True)
        batch_op.create_index("care_owner", ["owner", "closed_at"], unique=False)
        batch_op.create_index(
            "care_pool",
            ["pool", "id"],
            unique=False,
            sqlite_where=sa.text("current = 1 AND closed_at IS NULL"),
            postgresql_where=sa.text("current AND closed_at IS NULL"),
        )
        batch_op.create_index(
            "care_pool_lead",
            ["pool", "lead"],
            unique=False,
            sqlite_where=sa.text("current = 1 AND pool IS NOT NULL"),
            postgresql_where=sa.text("current AND pool IS NOT NULL"),
        )
        batch_op.create_index(
            "care_quiet",
            ["team", "since", "touched_at", "pool", "responded_at", "breached_at", "current", "closed_at", "test"],
            unique=False,
            sqlite_where=sa.text("current = 1 AND closed_at IS NULL AND test = 0"),
            postgresql_where=sa.text("current AND closed_at IS NULL AND NOT test"),
        )
        batch_op.create_index("care_start", ["started_at"], unique=False)
        batch_op.create_index("care_team", ["team", "id"], unique=False)

    op.create_table(
        "config_draft",
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("who"),
    )
    op.create_table(
        "config_revision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_at", Utc(), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("diff", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("config_revision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_config_revision_digest"), ["digest"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lead", sa.String(), nullable=True),
        sa.Column("submission", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("contact", sa.String(), nullable=True),
        sa.Column("wording", sa.Text(), nullable=True),
        sa.Column("wording_hash", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("user_agent", sa.String(), nullable=True),
        sa.Column("page_url", sa.String(), nullable=True),
        sa.Column("form", sa.String(), nullable=True),
        sa.Column("certificate", sa.String(), nullable=True),
        sa.Column("sealed", sa.String(), nullable=True),
        sa.Column("sealed_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index("consent_lead", ["lead", "id"], unique=False)
        batch_op.create_index("consent_submission", ["submission"], unique=False)

    op.create_table(
        "copy_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("made_at", Utc(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "cost",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("amount", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("medium", sa.String(), nullable=True),
        sa.Column("origin", sa.String(), nullable=True),
        sa.Column("ad_group", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("cost", schema=None) as batch_op:
        batch_op.create_index("cost_batch_rows", ["batch"], unique=False)
        batch_op.create_index("cost_day", ["last", "day"], unique=False)

    op.create_table(
        "cost_batch",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("undone_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "credential",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("ends_at", Utc(), nullable=True),
        sa.Column("refused", sa.String(), nullable=True),
        sa.Column("checked_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "cursor",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("polled_at", Utc(), nullable=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("failed_at", Utc(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("platform_count", sa.Integer(), nullable=True),
        sa.Column("our_count", sa.Integer(), nullable=True),
        sa.Column("counted_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("submission", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("decision_lead", ["lead", "id"], unique=False)
        batch_op.create_index("decision_submission", ["submission"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("submission", sa.String(), nullable=False),
        sa.Column("occasion", Json(), nullable=True),
        sa.Column("sale", Json(), nullable=True),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("rescues", sa.Integer(), nullable=False),
        sa.Column("unclear", sa.Boolean(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("lease_until", Utc(), nullable=True),
        sa.Column("lease_by", sa.String(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("done_at", Utc(), nullable=True),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            "delivery_due",
            ["sink", "priority", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'ready'"),
            postgresql_where=sa.text("state = 'ready'"),
        )
        batch_op.create_index("delivery_lead", ["lead", "state", "sink"], unique=False)
        batch_op.create_index(
            "delivery_lease",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        )
        batch_op.create_index("delivery_once", ["lead", "sink", "version"], unique=True)
        batch_op.create_index(
            "delivery_ref",
            ["sink", "ref"],
            unique=False,
            sqlite_where=sa.text("ref IS NOT NULL"),
            postgresql_where=sa.text("ref IS NOT NULL"),
        )
        batch_op.create_index("delivery_state", ["state", "sink", "id"], unique=False)

    op.create_table(
        "erasure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("leads", Json(), nullable=True),
        sa.Column("counts", Json(), nullable=True),
        sa.Column("kept", Json(), nullable=True),
        sa.Column("places", Json(), nullable=True),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("scrubbed_at", Utc(), nullable=True),
        sa.Column("done_at", Utc(), nullable=True),
        sa.Column("lifted_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.create_index("erasure_state", ["state"], unique=False)

    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=True),
        sa.Column("submission", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("sink", sa.String(), nullable=True),
        sa.Column("data", Json(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("event_kind", ["kind", "id"], unique=False)
        batch_op.create_index("event_lead", ["lead"], unique=False)

    op.create_table(
        "feedback_letter",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("received_at", Utc(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("headers", Json(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("feedback_letter", schema=None) as batch_op:
        batch_op.create_index("letter_state", ["state", "id"], unique=False)

    op.create_table(
        "file_import",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("counts", Json(), nullable=True),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("mapping", sa.Text(), nullable=True),
        sa.Column("problems", Json(), nullable=True),
        sa.Column("merged", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("file_import", schema=None) as batch_op:
        batch_op.create_index("import_file", ["source", "digest"], unique=False)

    op.create_table(
        "hub_user",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password", sa.String(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("password_at", Utc(), nullable=False),
        sa.Column("last_login_at", Utc(), nullable=True),
        sa.Column("disabled_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "identity",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("exact", sa.Boolean(), nullable=False),
        sa.Column("submission", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("key", "lead"),
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.create_index(
            "identity_exact", ["key"], unique=True, sqlite_where=sa.text("exact"), postgresql_where=sa.text("exact")
        )
        batch_op.create_index("identity_lead", ["lead"], unique=False)

    op.create_table(
        "import_draft",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("layout", Json(), nullable=True),
        sa.Column("columns", Json(), nullable=True),
        sa.Column("mapping", sa.Text(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("trial", Json(), nullable=True),
        sa.Column("import_id", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("changed_at", Utc(), nullable=False),
        sa.Column("began_at", Utc(), nullable=True),
        sa.Column("began_rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("import_draft", schema=None) as batch_op:
        batch_op.create_index("draft_import", ["import_id"], unique=False)
        batch_op.create_index("draft_state", ["state"], unique=False)

    op.create_table(
        "lead",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("flow", sa.String(), nullable=True),
        sa.Column("full_name", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("company", sa.String(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("team", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("submitted_at", Utc(), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.create_index("lead_country", ["country", "id"], unique=False)
        batch_op.create_index("lead_created", ["created_at"], unique=False)
        batch_op.create_index("lead_email", ["email"], unique=False)
        batch_op.create_index("lead_grade", ["grade", "id"], unique=False)
        batch_op.create_index(
            "lead_merged",
            ["merged_into"],
            unique=False,
            sqlite_where=sa.text("merged_into IS NOT NULL"),
            postgresql_where=sa.text("merged_into IS NOT NULL"),
        )
        batch_op.create_index("lead_owner", ["owner", "id"], unique=False)
        batch_op.create_index("lead_phone", ["phone"], unique=False)
        batch_op.create_index("lead_source", ["source", "id"], unique=False)
        batch_op.create_index(
            "lead_state",
            ["state", "id"],
            unique=False,
            sqlite_where=sa.text("state <> 'open'"),
            postgresql_where=sa.text("state <> 'open'"),
        )
        batch_op.create_index("lead_team", ["team", "id"], unique=False)
        batch_op.create_index(
            "lead_test", ["id"], unique=False, sqlite_where=sa.text("test = 1"), postgresql_where=sa.text("test")
        )

    op.create_table(
        "lead_merge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=True),
        sa.Column("submission", sa.String(), nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("moved", Json(), nullable=True),
        sa.Column("undone_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("lead_merge", schema=None) as batch_op:
        batch_op.create_index("merge_lead", ["lead", "id"], unique=False)
        batch_op.create_index("merge_other", ["other"], unique=False)

    op.create_table(
        "legal_hold",
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("lead"),
    )
    op.create_table(
        "link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("medium", sa.String(), nullable=True),
        sa.Column("term", sa.String(), nullable=True),
        sa.Column("content", sa.String(), nullable=True),
        sa.Column("tag", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index("link_campaign", ["campaign", "id"], unique=False)
        batch_op.create_index("link_once", ["digest"], unique=True)

    op.create_table(
        "login",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("seen_at", Utc(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.create_index("login_user", ["user_id"], unique=False)

    op.create_table(
        "news",
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("asked_at", Utc(), nullable=True),
        sa.Column("failed_at", Utc(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("heard", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("reasons", Json(), nullable=True),
        sa.Column("last", Json(), nullable=True),
        sa.Column("failing_since", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("sink"),
    )
    op.create_table(
        "node",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("migration", sa.String(), nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("file_digest", sa.String(), nullable=True),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("seen_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", Json(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(
            "notice_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'ready'"),
            postgresql_where=sa.text("state = 'ready'"),
        )

    op.create_table(
        "ownership",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("former", sa.String(), nullable=True),
        sa.Column("team", sa.String(), nullable=True),
        sa.Column("pool", sa.String(), nullable=True),
        sa.Column("former_pool", sa.String(), nullable=True),
        sa.Column("gained", sa.Integer(), nullable=False),
        sa.Column("turn_of", sa.String(), nullable=True),
        sa.Column("roster", sa.String(), nullable=True),
        sa.Column("credit", sa.Float(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("submission", sa.String(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("ownership", schema=None) as batch_op:
        batch_op.create_index("ownership_lead", ["lead", "id"], unique=False)
        batch_op.create_index("ownership_owner", ["owner", "at"], unique=False)
        batch_op.create_index("ownership_pool", ["pool", "act", "at"], unique=False)
        batch_op.create_index("ownership_team", ["team", "at", "owner"], unique=False)

    op.create_table(
        "pace",
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("free_at", sa.Double(), nullable=False),
        sa.Column("rest_until", Utc(), nullable=True),
        sa.Column("open_until", Utc(), nullable=True),
        sa.Column("rest", sa.Float(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("probe_by", sa.String(), nullable=True),
        sa.Column("probe_until", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("sink"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "digest"),
    )
    op.create_table(
        "roster",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("shares", Json(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("filters", Json(), nullable=True),
        sa.Column("columns", Json(), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.create_index("saved_view_name", ["owner", "name"], unique=False)

    op.create_table("schema_floor", sa.Column("floor", sa.String(), nullable=False), sa.PrimaryKeyConstraint("floor"))
    op.create_table(
        "scorecard",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("until", Utc(), nullable=False),
        sa.Column("revoked_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("scorecard", schema=None) as batch_op:
        batch_op.create_index("scorecard_source", ["source", "id"], unique=False)

    op.create_table(
        "second_factor",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("confirmed_at", Utc(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "share",
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("entitled", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("team", "member"),
    )
    op.create_table(
        "sink_state",
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("paused_at", Utc(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("sink"),
    )
    op.create_table(
        "source_field",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("first_seen_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("source", "field"),
    )
    op.create_table(
        "source_hour",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("hour", Utc(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "hour"),
    )
    op.create_table(
        "source_watch",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("first_at", Utc(), nullable=False),
        sa.Column("last_at", Utc(), nullable=False),
        sa.Column("watched_from", Utc(), nullable=True),
        sa.Column("looked_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_table(
        "standing",
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("disposition", sa.String(), nullable=True),
        sa.Column("disposed_at", Utc(), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("responded_at", Utc(), nullable=True),
        sa.Column("responded_by", sa.String(), nullable=True),
        sa.Column("responded_through", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("lead"),
    )
    with op.batch_alter_table("standing", schema=None) as batch_op:
        batch_op.create_index("standing_disposition", ["disposition", "lead"], unique=False)

    op.create_table(
        "submission",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("received_at", Utc(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("headers", Json(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("client", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=True),
        sa.Column("completed", sa.Text(), nullable=True),
        sa.Column("corrections", Json(), nullable=True),
        sa.Column("candidate", sa.Text(), nullable=True),
        sa.Column("lead", sa.String(), nullable=True),
        sa.Column("duplicate_of", sa.String(), nullable=True),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("import_id", sa.String(), nullable=True),
        sa.Column("problems", Json(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("possible_duplicate", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("done_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.create_index("submission_digest", ["source", "digest"], unique=False)
        batch_op.create_index(
            "submission_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'received'"),
            postgresql_where=sa.text("state = 'received'"),
        )
        batch_op.create_index(
            "submission_duplicate_of",
            ["duplicate_of"],
            unique=False,
            sqlite_where=sa.text("duplicate_of IS NOT NULL"),
            postgresql_where=sa.text("duplicate_of IS NOT NULL"),
        )
        batch_op.create_index("submission_idempotency", ["source", "idempotency_key"], unique=True)
        batch_op.create_index(
            "submission_import",
            ["import_id", "id"],
            unique=False,
            sqlite_where=sa.text("import_id IS NOT NULL"),
            postgresql_where=sa.text("import_id IS NOT NULL"),
        )
        batch_op.create_index("submission_key", ["source", "key"], unique=True)
        batch_op.create_index("submission_lead", ["lead", "state", "id"], unique=False)
        batch_op.create_index(
            "submission_parent",
            ["parent"],
            unique=False,
            sqlite_where=sa.text("parent IS NOT NULL"),
            postgresql_where=sa.text("parent IS NOT NULL"),
        )
        batch_op.create_index("submission_state", ["state", "id"], unique=False)

    op.create_table(
        "suggestion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reasons", Json(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.create_index("suggestion_pair", ["lead", "other"], unique=True)
        batch_op.create_index("suggestion_state", ["state", "id"], unique=False)

    op.create_table(
        "task",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_at", Utc(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("done_at", Utc(), nullable=True),
        sa.Column("done_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index(
            "task_due",
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        )
        batch_op.create_index("task_lead", ["lead"], unique=False)
        batch_op.create_index("task_owner", ["owner", "due_at"], unique=False)

    op.create_table(
        "tick",
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("tick", Utc(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("taken_at", Utc(), nullable=False),
        sa.Column("lease_until", Utc(), nullable=False),
        sa.Column("done_at", Utc(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "tick"),
    )
    op.create_table(
        "timer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_at", Utc(), nullable=False),
        sa.Column("taken_until", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("timer", schema=None) as batch_op:
        batch_op.create_index("timer_due", ["due_at", "id"], unique=False)
        batch_op.create_index("timer_lead", ["lead"], unique=False)

    op.create_table(
        "tombstone",
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("erasure", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("mark"),
    )
    with op.batch_alter_table("tombstone", schema=None) as batch_op:
        batch_op.create_index("tombstone_erasure", ["erasure"], unique=False)

    op.create_table(
        "touch",
        sa.Column("submission", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("medium", sa.String(), nullable=True),
        sa.Column("origin", sa.String(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("fields", Json(), nullable=True),
        sa.Column("tags", Json(), nullable=True),
        sa.PrimaryKeyConstraint("submission"),
    )
    with op.batch_alter_table("touch", schema=None) as batch_op:
        batch_op.create_index("touch_at", ["at", "lead"], unique=False)
        batch_op.create_index("touch_campaign", ["campaign", "at"], unique=False)
        batch_op.create_index(
            "touch_campaign_lead",
            ["campaign", "lead"],
            unique=False,
            sqlite_where=sa.text("campaign IS NOT NULL"),
            postgresql_where=sa.text("campaign IS NOT NULL"),
        )
        batch_op.create_index("touch_lead", ["lead", "submission"], unique=False)

    op.create_table(
        "turn",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "word",
        sa.Column("term", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("term", "lead"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("word")
    op.drop_table("turn")
    with op.batch_alter_table("touch", schema=None) as batch_op:
        batch_op.drop_index("touch_lead")
        batch_op.drop_index(
            "touch_campaign_lead",
            sqlite_where=sa.text("campaign IS NOT NULL"),
            postgresql_where=sa.text("campaign IS NOT NULL"),
        )
        batch_op.drop_index("touch_campaign")
        batch_op.drop_index("touch_at")

    op.drop_table("touch")
    with op.batch_alter_table("tombstone", schema=None) as batch_op:
        batch_op.drop_index("tombstone_erasure")

    op.drop_table("tombstone")
    with op.batch_alter_table("timer", schema=None) as batch_op:
        batch_op.drop_index("timer_lead")
        batch_op.drop_index("timer_due")

    op.drop_table("timer")
    op.drop_table("tick")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index("task_owner")
        batch_op.drop_index("task_lead")
        batch_op.drop_index(
            "task_due", sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL")
        )

    op.drop_table("task")
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.drop_index("suggestion_state")
        batch_op.drop_index("suggestion_pair")

    op.drop_table("suggestion")
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.drop_index("submission_state")
        batch_op.drop_index(
            "submission_parent",
            sqlite_where=sa.text("parent IS NOT NULL"),
            postgresql_where=sa.text("parent IS NOT NULL"),
        )
        batch_op.drop_index("submission_lead")
        batch_op.drop_index("submission_key")
        batch_op.drop_index(
            "submission_import",
            sqlite_where=sa.text("import_id IS NOT NULL"),
            postgresql_where=sa.text("import_id IS NOT NULL"),
        )
        batch_op.drop_index("submission_idempotency")
        batch_op.drop_index(
            "submission_duplicate_of",
            sqlite_where=sa.text("duplicate_of IS NOT NULL"),
            postgresql_where=sa.text("duplicate_of IS NOT NULL"),
        )
        batch_op.drop_index(
            "submission_due", sqlite_where=sa.text("state = 'received'"), postgresql_where=sa.text("state = 'received'")
        )
        batch_op.drop_index("submission_digest")

    op.drop_table("submission")
    with op.batch_alter_table("standing", schema=None) as batch_op:
        batch_op.drop_index("standing_disposition")

    op.drop_table("standing")
    op.drop_table("source_watch")
    op.drop_table("source_hour")
    op.drop_table("source_field")
    op.drop_table("sink_state")
    op.drop_table("share")
    op.drop_table("second_factor")
    with op.batch_alter_table("scorecard", schema=None) as batch_op:
        batch_op.drop_index("scorecard_source")

    op.drop_table("scorecard")
    op.drop_table("schema_floor")
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.drop_index("saved_view_name")

    op.drop_table("saved_view")
    op.drop_table("roster")
    op.drop_table("recovery_code")
    op.drop_table("pace")
    with op.batch_alter_table("ownership", schema=None) as batch_op:
        batch_op.drop_index("ownership_team")
        batch_op.drop_index("ownership_pool")
        batch_op.drop_index("ownership_owner")
        batch_op.drop_index("ownership_lead")

    op.drop_table("ownership")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(
            "notice_due", sqlite_where=sa.text("state = 'ready'"), postgresql_where=sa.text("state = 'ready'")
        )

    op.drop_table("notice")
    op.drop_table("node")
    op.drop_table("news")
    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.drop_index("login_user")

    op.drop_table("login")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index("link_once")
        batch_op.drop_index("link_campaign")

    op.drop_table("link")
    op.drop_table("legal_hold")
    with op.batch_alter_table("lead_merge", schema=None) as batch_op:
        batch_op.drop_index("merge_other")
        batch_op.drop_index("merge_lead")

    op.drop_table("lead_merge")
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.drop_index("lead_test", sqlite_where=sa.text("test = 1"), postgresql_where=sa.text("test"))
        batch_op.drop_index("lead_team")
        batch_op.drop_index(
            "lead_state", sqlite_where=sa.text("state <> 'open'"), postgresql_where=sa.text("state <> 'open'")
        )
        batch_op.drop_index("lead_source")
        batch_op.drop_index("lead_phone")
        batch_op.drop_index("lead_owner")
        batch_op.drop_index(
            "lead_merged",
            sqlite_where=sa.text("merged_into IS NOT NULL"),
            postgresql_where=sa.text("merged_into IS NOT NULL"),
        )
        batch_op.drop_index("lead_grade")
        batch_op.drop_index("lead_email")
        batch_op.drop_index("lead_created")
        batch_op.drop_index("lead_country")

    op.drop_table("lead")
    with op.batch_alter_table("import_draft", schema=None) as batch_op:
        batch_op.drop_index("draft_state")
        batch_op.drop_index("draft_import")

    op.drop_table("import_draft")
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_index("identity_lead")
        batch_op.drop_index("identity_exact", sqlite_where=sa.text("exact"), postgresql_where=sa.text("exact"))

    op.drop_table("identity")
    op.drop_table("hub_user")
    with op.batch_alter_table("file_import", schema=None) as batch_op:
        batch_op.drop_index("import_file")

    op.drop_table("file_import")
    with op.batch_alter_table("feedback_letter", schema=None) as batch_op:
        batch_op.drop_index("letter_state")

    op.drop_table("feedback_letter")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("event_lead")
        batch_op.drop_index("event_kind")

    op.drop_table("event")
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.drop_index("erasure_state")

    op.drop_table("erasure")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("delivery_state")
        batch_op.drop_index(
            "delivery_ref", sqlite_where=sa.text("ref IS NOT NULL"), postgresql_where=sa.text("ref IS NOT NULL")
        )
        batch_op.drop_index("delivery_once")
        batch_op.drop_index(
            "delivery_lease", sqlite_where=sa.text("state = 'sending'"), postgresql_where=sa.text("state = 'sending'")
        )
        batch_op.drop_index("delivery_lead")
        batch_op.drop_index(
            "delivery_due", sqlite_where=sa.text("state = 'ready'"), postgresql_where=sa.text("state = 'ready'")
        )

    op.drop_table("delivery")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index("decision_submission")
        batch_op.drop_index("decision_lead")

    op.drop_table("decision")
    op.drop_table("cursor")
    op.drop_table("credential")
    op.drop_table("cost_batch")
    with op.batch_alter_table("cost", schema=None) as batch_op:
        batch_op.drop_index("cost_day")
        batch_op.drop_index("cost_batch_rows")

    op.drop_table("cost")
    op.drop_table("copy_mark")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index("consent_submission")
        batch_op.drop_index("consent_lead")

    op.drop_table("consent")
    with op.batch_alter_table("config_revision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_config_revision_digest"))

    op.drop_table("config_revision")
    op.drop_table("config_draft")
    with op.batch_alter_table("care", schema=None) as batch_op:
        batch_op.drop_index("care_team")
        batch_op.drop_index("care_start")
        batch_op.drop_index(
            "care_quiet",
            sqlite_where=sa.text("current = 1 AND closed_at IS NULL AND test = 0"),
            postgresql_where=sa.text("current AND closed_at IS NULL AND NOT test"),
        )
        batch_op.drop_index(
            "care_pool_lead",
            sqlite_where=sa.text("current = 1 AND pool IS NOT NULL"),
            postgresql_where=sa.text("current AND pool IS NOT NULL"),
        )
        batch_op.drop_index(
            "care_pool",
            sqlite_where=sa.text("current = 1 AND closed_at IS NULL"),
            postgresql_where=sa.text("current AND closed_at IS NULL"),
        )
        batch_op.drop_index("care_owner")
        batch_op.drop_index("care_lead")
        batch_op.drop_index("care_firm")
        batch_op.drop_index(
            "care_due",
            sqlite_where=sa.text("current = 1 AND closed_at IS NULL AND test = 0 AND responded_at IS NULL"),
            postgresql_where=sa.text("current AND closed_at IS NULL AND NOT test AND responded_at IS NULL"),
        )
        batch_op.drop_index("care_domain")
        batch_op.drop_index(
            "care_disposition",
            sqlite_where=sa.text("current = 1 AND disposition IS NOT NULL"),
            postgresql_where=sa.text("current AND disposition IS NOT NULL"),
        )

    op.drop_table("care")
    with op.batch_alter_table("bid", schema=None) as batch_op:
        batch_op.drop_index(
            "bid_until", sqlite_where=sa.text("state = 'owed'"), postgresql_where=sa.text("state = 'owed'")
        )
        batch_op.drop_index("bid_once")
        batch_op.drop_index("bid_delivery")
        batch_op.drop_index("bid_buyer")

    op.drop_table("bid")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index("audit_who")
        batch_op.drop_index("audit_what")
        batch_op.drop_index("audit_target")

    op.drop_table("audit")
    with op.batch_alter_table("auction", schema=None) as batch_op:
        batch_op.drop_index("auction_submission")
        batch_op.drop_index("auction_state")

    op.drop_table("auction")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index("attempt_delivery")

    op.drop_table("attempt")
    op.drop_table("api_key")
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.drop_index("alarm_state")
        batch_op.drop_index(
            "alarm_open", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")
        )

    op.drop_table("alarm")
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.drop_index("activity_once")
        batch_op.drop_index("activity_lead")

    op.drop_table("activity")
    op.drop_table("access_token")
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.drop_index("absence_member")

    op.drop_table("absence")
