"""The review desk in the browser: server-rendered pages with a little script, usable by keyboard and screen reader."""
