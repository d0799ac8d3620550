"""Results as pages that hold all they need: opened from disk, printed, read aloud, sent by mail.

``parts`` is what pages are made of, ``render`` and ``templates`` make it HTML, and nothing else
knows any.
"""
