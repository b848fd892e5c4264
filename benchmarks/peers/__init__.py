"""qa_bot beside what people would use instead: ``python -m benchmarks.peers``."""
