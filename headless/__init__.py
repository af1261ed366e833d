"""The ways in without a screen: the command line, the bulk feed and the demo's traffic."""
