"""The composition root: turns settings into the objects that do the work.

The API, the processor, the command line and the tests all start here, so they always run the
same parts.
"""

from storyteller.services.opening import open_services
from storyteller.services.services import Services
from storyteller.services.status import Readiness, Status

__all__ = ["Readiness", "Services", "Status", "open_services"]
