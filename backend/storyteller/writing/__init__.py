"""The writing road: from a wish to a scene in the library, told event by event."""
