"""Results as pages that hold all they need: opened from disk, printed, read aloud, sent by mail.

``evaluation`` and ``calibration`` are the pages: each puts its sections, one a file of
``sections``, in order. A page of a comparison belongs beside them. ``parts`` is what pages are made
of, ``render`` and ``templates`` make it HTML, and nothing else knows any.
"""
