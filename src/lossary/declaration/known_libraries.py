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
        entered: whether its losses are imported without running the package's own `__init__`, which wants far more
            than a loss needs.
        source: where its losses are described, for one that is not run.
        note: what is true of all its losses.
    """

    name: str
    package: str = ""
    arrays: str = ""
    distribution: str = ""
    entered: bool = False
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
    KnownLibrary("MLX", "mlx", "mlx"),
    KnownLibrary("MONAI", "monai", "torch"),
    KnownLibrary("neuralforecast", "neuralforecast", "torch", entered=True),
    KnownLibrary("optax", "optax", "jax"),
    KnownLibrary("PaddlePaddle", "paddle", "paddle", "paddlepaddle"),
    KnownLibrary("POT", "ot", "numpy", "POT"),
    KnownLibrary("PyTorch", "torch", "torch"),
    KnownLibrary("pytorch-metric-learning", "pytorch_metric_learning", "torch", "pytorch-metric-learning"),
    KnownLibrary("Rax", "rax", "jax"),
    KnownLibrary("scikit-learn", "sklearn", "numpy", "scikit-learn"),
    KnownLibrary("SciPy", "scipy", "numpy"),
    KnownLibrary("scoringrules", "scoringrules", "numpy"),
    KnownLibrary("segmentation-models-pytorch", "segmentation_models_pytorch", "torch", "segmentation-models-pytorch"),
    KnownLibrary("statsmodels", "statsmodels", "numpy"),
    KnownLibrary("timm", "timm", "torch"),
    KnownLibrary("TorchMetrics", "torchmetrics", "torch"),
    KnownLibrary("torchvision", "torchvision", "torch"),
)

# In other languages, for other machines, larger than all others together, or without a function to call.
CITED = (
    KnownLibrary("BigDL", source="https://bigdl-project.github.io/0.13.0/APIGuide/scaladoc/"),
    KnownLibrary("Ceres Solver", "ceres", source="http://ceres-solver.org/nnls_modeling.html"),
    KnownLibrary("cut-cross-entropy", "cut_cross_entropy", source="https://github.com/apple/ml-cross-entropy"),
    KnownLibrary("fairseq", "fairseq", source="https://github.com/facebookresearch/fairseq"),
    KnownLibrary("Flux.jl", "Flux", source="https://fluxml.ai/Flux.jl/stable/models/losses/"),
    KnownLibrary("keras-retinanet", "keras_retinanet", source="https://github.com/fizyr/keras-retinanet"),
    KnownLibrary("Liger Kernel", "liger_kernel", source="https://github.com/linkedin/Liger-Kernel"),
    KnownLibrary("LossFunctions.jl", source="https://github.com/JuliaML/LossFunctions.jl"),
    KnownLibrary("maskrcnn-benchmark", source="https://github.com/facebookresearch/maskrcnn-benchmark"),
    KnownLibrary("MindSpore", "mindspore", source="https://www.mindspore.cn/docs/en/master/index.html"),
    KnownLibrary("ML.NET", source="https://learn.microsoft.com/en-us/dotnet/api/microsoft.ml.trainers"),
    KnownLibrary("MMDetection", "mmdet", source="https://github.com/open-mmlab/mmdetection"),
    KnownLibrary("OpenCV", "cv2", source="https://github.com/opencv/opencv"),
    KnownLibrary("pytorch-forecasting", source="https://github.com/sktime/pytorch-forecasting"),
    KnownLibrary(
        "robust_loss_pytorch", "robust_loss_pytorch", source="https://github.com/jonbarron/robust_loss_pytorch"
    ),
    KnownLibrary("TensorFlow", "tf", source="https://www.tensorflow.org/api_docs/python/tf/nn"),
    KnownLibrary("TensorFlow Ranking", "tfr", source="https://www.tensorflow.org/ranking/api_docs/python/tfr"),
    KnownLibrary("torch for R", source="https://rdrr.io/cran/torch/"),
    KnownLibrary("XGBoost", "xgboost", source="https://xgboost.readthedocs.io/en/latest/parameter.html"),
)
