"""The screen: a Textual application with one file a pane and one style sheet."""
