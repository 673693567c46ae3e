"""From one release to another: years that stand closed, the bridge between two releases, a release built again from the lake."""
