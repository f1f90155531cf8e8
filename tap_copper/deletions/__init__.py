"""Records that are gone: the stream that tells of them, and the ids of earlier runs by which it knows."""
