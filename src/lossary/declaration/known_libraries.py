"""What is known of whole libraries, once for each: names, packages, how their arrays are made, where they are shown.

A library with `arrays` is run; any other is cited from its `source`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownLibrary:
    """A library that has losses.

    Attributes:
        name: what it is called.
        package: what its calls begin with.
        arrays: how its arrays are made, a name in `lossary.elsewhere.arrays`; empty where it is not run.
        distribution: the name under which it is installed; the package's, if empty.
        entered: packages whose own `__init__` is not run, since it wants far more than a loss needs.
        source: where its losses are described, for one that is not run.
        note: what is true of all its losses.
    """

    name: str
    package: str = ""
    arrays: str = ""
    distribution: str = ""
    entered: tuple[str, ...] = ()
    source: str = ""
    note: str = ""

    @property
    def installed_as(self) -> str:
        """The name of what is installed."""
        return self.distribution or self.package


RUN = (
    KnownLibrary("Keras", "keras", "keras", note="Arguments are (y_true, y_pred)."),
    KnownLibrary("Keras RS", "keras_rs", "keras", "keras-rs"),
    KnownLibrary("Kornia", "kornia", "torch"),
    KnownLibrary("lifelines", "lifelines", "numpy"),
    KnownLibrary("MindSpore", "mindspore", "mindspore"),
    KnownLibrary("MLX", "mlx", "mlx"),
    KnownLibrary("MONAI", "monai", "torch"),
    KnownLibrary("neuralforecast", "neuralforecast", "torch", entered=("neuralforecast",)),
    KnownLibrary("optax", "optax", "jax"),
    KnownLibrary("PaddlePaddle", "paddle", "paddle", "paddlepaddle"),
    KnownLibrary("POT", "ot", "numpy", "POT"),
    KnownLibrary("properscoring", "properscoring", "numpy"),
    KnownLibrary("pycox", "pycox", "torch", entered=("pycox", "pycox.models")),
    KnownLibrary("PyTorch", "torch", "torch"),
    KnownLibrary(
        "pytorch-forecasting",
        "pytorch_forecasting",
        "torch",
        "pytorch-forecasting",
        entered=("pytorch_forecasting", "pytorch_forecasting.metrics"),
    ),
    KnownLibrary("pytorch-metric-learning", "pytorch_metric_learning", "torch", "pytorch-metric-learning"),
    KnownLibrary("Rax", "rax", "jax"),
    KnownLibrary("scikit-learn", "sklearn", "numpy", "scikit-learn"),
    KnownLibrary("SciPy", "scipy", "numpy"),
    KnownLibrary("scoringrules", "scoringrules", "numpy"),
    KnownLibrary("segmentation-models-pytorch", "segmentation_models_pytorch", "torch", "segmentation-models-pytorch"),
    KnownLibrary("statsmodels", "statsmodels", "numpy"),
    KnownLibrary("TensorFlow", "tensorflow", "tensorflow", "tensorflow-cpu"),
    KnownLibrary("timm", "timm", "torch"),
    KnownLibrary("TorchMetrics", "torchmetrics", "torch"),
    KnownLibrary("torchsurv", "torchsurv", "torch"),
    KnownLibrary("torchvision", "torchvision", "torch"),
    KnownLibrary(
        "XGBoost",
        "xgboost",
        "boosted",
        "xgboost-cpu",
        note="An objective has a gradient and no value. `features` are your own; `base_margin` is what the trees have "
        "added up so far, and what the gradient is with respect to.",
    ),
)

# In other languages, for other machines, in no registry, or without a function to call.
CITED = (
    KnownLibrary("allRank", "allrank", source="https://github.com/allegro/allRank"),
    KnownLibrary("BigDL", source="https://bigdl-project.github.io/0.13.0/APIGuide/scaladoc/"),
    KnownLibrary("Ceres Solver", "ceres", source="http://ceres-solver.org/nnls_modeling.html"),
    KnownLibrary("cut-cross-entropy", "cut_cross_entropy", source="https://github.com/apple/ml-cross-entropy"),
    KnownLibrary("fairseq", "fairseq", source="https://github.com/facebookresearch/fairseq"),
    KnownLibrary("Flux.jl", "Flux", source="https://fluxml.ai/Flux.jl/stable/models/losses/"),
    KnownLibrary("keras-retinanet", "keras_retinanet", source="https://github.com/fizyr/keras-retinanet"),
    KnownLibrary("Liger Kernel", "liger_kernel", source="https://github.com/linkedin/Liger-Kernel"),
    KnownLibrary("LossFunctions.jl", source="https://github.com/JuliaML/LossFunctions.jl"),
    KnownLibrary("maskrcnn-benchmark", source="https://github.com/facebookresearch/maskrcnn-benchmark"),
    KnownLibrary("ML.NET", source="https://learn.microsoft.com/en-us/dotnet/api/microsoft.ml.trainers"),
    KnownLibrary("MMDetection", "mmdet", source="https://github.com/open-mmlab/mmdetection"),
    KnownLibrary("OpenCV", "cv2", source="https://github.com/opencv/opencv"),
    KnownLibrary(
        "robust_loss_pytorch", "robust_loss_pytorch", source="https://github.com/jonbarron/robust_loss_pytorch"
    ),
    KnownLibrary("TensorFlow Ranking", "tfr", source="https://www.tensorflow.org/ranking/api_docs/python/tfr"),
    KnownLibrary("torch for R", source="https://rdrr.io/cran/torch/"),
)
