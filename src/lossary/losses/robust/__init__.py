"""Robust regression

Losses that give a few wild targets less say in the fit: near zero they grow like the squared error, and far out more
slowly than it, down to not at all.

Along the residual, the gradient is what robust statistics calls the influence function: how hard one sample pulls. The
gradient over the residual is the weight that iteratively reweighted least squares gives it.
"""

from lossary.declaration import Shown

shown = Shown(curves=("loss", "gradient", "weight"), span=(-9.0, 9.0))
