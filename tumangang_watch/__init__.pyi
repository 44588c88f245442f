from tumangang_watch.api import Report as Report
from tumangang_watch.api import compare as compare
from tumangang_watch.api import detect as detect
from tumangang_watch.api import load_site as load_site
from tumangang_watch.api import open_scene as open_scene
from tumangang_watch.api import read_report as read_report
from tumangang_watch.api import write_report as write_report
from tumangang_watch.model.comparison import Comparison as Comparison
from tumangang_watch.model.detection import Detection as Detection
from tumangang_watch.model.detection import Vehicle as Vehicle
from tumangang_watch.model.finding import Finding as Finding
from tumangang_watch.model.interval import Interval as Interval
from tumangang_watch.model.scene import Scene as Scene
from tumangang_watch.model.site import Site as Site
from tumangang_watch.settings import Settings as Settings

__version__: str
