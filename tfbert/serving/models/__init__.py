"""The models that are served: folders, versions, and what is loaded of them."""
