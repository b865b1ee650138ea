"""Demo projects: real sales from a package, a simulated shop, simulated contacts (said so wherever they appear)."""
