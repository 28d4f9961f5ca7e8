"""The queries that requests of different accounts ask for together."""

SHARED = (
    "admit_facts",
    "admit_row",
    "charge_row",
    "settle_facts",
    "settle_row",
    "cancel_row",
    "settle_usage",
    "settle_spend",
    "replay_find",
    "replay_begin",
    "replay_keep",
)
