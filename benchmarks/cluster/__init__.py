"""An index in shards, beside one index, and on a cluster whose nodes die."""
