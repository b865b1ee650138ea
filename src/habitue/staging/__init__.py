"""From raw to canonical: rename, cast, take once, set aside what cannot be read; nothing else."""
