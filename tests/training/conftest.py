from tfdisent.testing import use_two_logical_devices

use_two_logical_devices()
