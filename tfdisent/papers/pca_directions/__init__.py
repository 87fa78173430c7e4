"""Zietlow's thesis, chapter 3: variational autoencoders pursue the principal directions.

Every item writes CSV, JSON, pictures and `report.html`, with the printed values where there are any. At the scale
"reduced" only dSprites and CelebA are trained less than in the thesis; drawn images take their place where their files
are missing, and every file says so.

References: Zietlow 2022, chapter 3; Rolinek, Zietlow & Martius 2019, "Variational Autoencoders Pursue PCA
Directions (by Accident)".
"""
