"""The evidence bundle (证据包): one case as a file that anybody can check, pure."""
