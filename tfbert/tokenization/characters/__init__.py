"""What characters become: tables for tensorflow-text's kernels."""
