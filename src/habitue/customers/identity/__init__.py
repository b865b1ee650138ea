"""Who is who: which customer numbers of which systems are one person, why, how surely, and under which id.

`resolve_identities` makes persons; `persistent_ids` keeps their ids from run to run; `followed_merges` reads a customer
system's own table of merged numbers; `splink_look` is the second, probabilistic look (extra `identity`).
"""
