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
        absent: packages that it imports and its losses do not use; an empty one takes the place of each.
        language: what it is called from.
        source: where its losses are described, for one that is not run.
        note: what is true of all its losses.
    """

    name: str
    package: str = ""
    arrays: str = ""
    distribution: str = ""
    entered: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    language: str = "Python"
    source: str = ""
    note: str = ""

    @property
    def installed_as(self) -> str:
        """The name of what is installed."""
        return self.distribution or self.package


RUN = (
    KnownLibrary("allRank", "allrank", "torch", "allRank", absent=("allrank.utils.file_utils",)),
    KnownLibrary("Keras", "keras", "keras", note="Arguments are (y_true, y_pred)."),
    KnownLibrary("Keras RS", "keras_rs", "keras", "keras-rs"),
    KnownLibrary("Kornia", "kornia", "torch"),
    KnownLibrary("lifelines", "lifelines", "numpy"),
    KnownLibrary("Liger Kernel", "liger_kernel", "torch", "liger-kernel"),
    KnownLibrary("MindSpore", "mindspore", "mindspore"),
    KnownLibrary("MLX", "mlx", "mlx"),
    KnownLibrary(
        "MMDetection",
        "mmdet",
        "torch",
        entered=("mmdet", "mmdet.models", "mmdet.structures"),
        absent=("addict", "cv2", "mmcv", "mmdet.models.utils", "mmdet.structures.mask", "mmdet.utils", "yapf"),
    ),
    KnownLibrary("MONAI", "monai", "torch"),
    KnownLibrary("neuralforecast", "neuralforecast", "torch", entered=("neuralforecast",)),
    KnownLibrary("optax", "optax", "jax"),
    KnownLibrary("PaddlePaddle", "paddle", "paddle", "paddlepaddle"),
    KnownLibrary("POT", "ot", "numpy", "POT"),
    KnownLibrary("properscoring", "properscoring", "numpy"),
    KnownLibrary("pycox", "pycox", "torch", entered=("pycox", "pycox.models")),
    KnownLibrary("PyTorch", "torch", "torch"),
    KnownLibrary(
        "PyTorch Geometric",
        "torch_geometric",
        "torch",
        "torch-geometric",
        entered=("torch_geometric", "torch_geometric.nn", "torch_geometric.nn.models"),
        absent=("torch_geometric.nn.conv", "torch_geometric.typing", "torch_geometric.utils"),
    ),
    KnownLibrary(
        "pytorch-forecasting",
        "pytorch_forecasting",
        "torch",
        "pytorch-forecasting",
        entered=("pytorch_forecasting", "pytorch_forecasting.metrics"),
    ),
    KnownLibrary("pytorch-metric-learning", "pytorch_metric_learning", "torch", "pytorch-metric-learning"),
    KnownLibrary("Rax", "rax", "jax"),
    KnownLibrary("RecBole", "recbole", "torch", entered=("recbole", "recbole.model")),
    KnownLibrary("RLax", "rlax", "jax", absent=("distrax", "dm_env", "haiku")),
    KnownLibrary("scikit-learn", "sklearn", "numpy", "scikit-learn"),
    KnownLibrary("SciPy", "scipy", "numpy"),
    KnownLibrary("scoringrules", "scoringrules", "numpy"),
    KnownLibrary("segmentation-models-pytorch", "segmentation_models_pytorch", "torch", "segmentation-models-pytorch"),
    KnownLibrary("statsmodels", "statsmodels", "numpy"),
    KnownLibrary("TensorFlow", "tensorflow", "tensorflow", "tensorflow-cpu"),
    KnownLibrary(
        "TensorFlow Ranking",
        "tensorflow_ranking",
        "keras2",
        "tensorflow-ranking",
        entered=("tensorflow_ranking", "tensorflow_ranking.python", "tensorflow_ranking.python.keras"),
        note="Arguments are (y_true, y_pred), of single precision and for lists in rows. With Keras 2 alone; "
        "`tfr.keras.losses` is its own short name for the module.",
    ),
    KnownLibrary(
        "TF-GAN",
        "tensorflow_gan",
        "tensorflow",
        "tensorflow-gan",
        entered=("tensorflow_gan", "tensorflow_gan.python", "tensorflow_gan.python.losses"),
        note="`tfgan.losses.losses_impl` is its own short name for the module. Most of it is in single precision.",
    ),
    KnownLibrary("timm", "timm", "torch"),
    KnownLibrary("TorchMetrics", "torchmetrics", "torch"),
    KnownLibrary("torchsurv", "torchsurv", "torch"),
    KnownLibrary("torchtune", "torchtune", "torch", entered=("torchtune", "torchtune.rlhf")),
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
    KnownLibrary("BigDL", language="Scala", source="https://bigdl-project.github.io/0.13.0/APIGuide/scaladoc/"),
    KnownLibrary("Ceres Solver", "ceres", language="C++", source="http://ceres-solver.org/nnls_modeling.html"),
    KnownLibrary("cut-cross-entropy", "cut_cross_entropy", source="https://github.com/apple/ml-cross-entropy"),
    KnownLibrary("fairseq", "fairseq", source="https://github.com/facebookresearch/fairseq"),
    KnownLibrary("Flux.jl", "Flux", language="Julia", source="https://fluxml.ai/Flux.jl/stable/models/losses/"),
    KnownLibrary("keras-retinanet", "keras_retinanet", source="https://github.com/fizyr/keras-retinanet"),
    KnownLibrary("LossFunctions.jl", language="Julia", source="https://github.com/JuliaML/LossFunctions.jl"),
    KnownLibrary("maskrcnn-benchmark", source="https://github.com/facebookresearch/maskrcnn-benchmark"),
    KnownLibrary("ML.NET", language="C#", source="https://learn.microsoft.com/en-us/dotnet/api/microsoft.ml.trainers"),
    KnownLibrary("OpenCV", "cv2", source="https://github.com/opencv/opencv"),
    KnownLibrary(
        "robust_loss_pytorch", "robust_loss_pytorch", source="https://github.com/jonbarron/robust_loss_pytorch"
    ),
    KnownLibrary("torch for R", language="R", source="https://rdrr.io/cran/torch/"),
)
