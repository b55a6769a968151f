"""`cascade status`: the shop on one screen."""
