"""The values that flow: site, scene, observation, detection, finding. No input or output here."""
