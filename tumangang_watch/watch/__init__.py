"""Take in many scenes, once each: inbox, plan, tasks, publishing, feed."""
