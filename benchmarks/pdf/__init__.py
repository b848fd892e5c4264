"""How well PDFs are read, and quotes found on their pages: reading, page_boxes."""
