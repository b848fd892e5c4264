"""What reading loses, adds or tears, in every format, beside readers that are not ours."""
