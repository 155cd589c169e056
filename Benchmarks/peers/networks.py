"""The networks of the comparison in PyTorch: those of the tutorials as they write them, the others from torchvision."""

import torch.nn.functional as F
import torchvision
from torch import nn


class LeNet(nn.Module):
    """The first tutorial's LeNet: [N, 1, 28, 28] to [N, classes], sigmoid and max pooling, no padding."""

    def __init__(self, classes=10):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 6, 5),
            nn.Sigmoid(),
            nn.MaxPool2d(2, 2),
            nn.Conv2d(6, 16, 5),
            nn.Sigmoid(),
            nn.MaxPool2d(2, 2),
        )
        self.fc = nn.Sequential(
            nn.Linear(16 * 4 * 4, 120),
            nn.Sigmoid(),
            nn.Linear(120, 84),
            nn.Sigmoid(),
            nn.Linear(84, classes),
        )

    def forward(self, image):
        feature = self.conv(image)
        # reshape, not view: a channels-last feature map is not contiguous in NCHW order.
        return self.fc(feature.reshape(image.shape[0], -1))


class LeNet5(nn.Sequential):
    """The second tutorial's LeNet-5: [N, 1, 28, 28] to [N, classes], average pooling, the first convolution padded."""

    def __init__(self, classes=10):
        super().__init__(
            nn.Conv2d(1, 6, kernel_size=5, padding=2),
            nn.Sigmoid(),
            nn.AvgPool2d(kernel_size=2, stride=2),
            nn.Conv2d(6, 16, kernel_size=5),
            nn.Sigmoid(),
            nn.AvgPool2d(kernel_size=2, stride=2),
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),
            nn.Sigmoid(),
            nn.Linear(120, 84),
            nn.Sigmoid(),
            nn.Linear(84, classes),
        )
        self.apply(self.init_weights)

    @staticmethod
    def init_weights(module):
        if type(module) in (nn.Linear, nn.Conv2d):
            nn.init.xavier_uniform_(module.weight)


class Residual(nn.Module):
    """The second tutorial's residual block."""

    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.Conv2d(input_channels, num_channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.Conv2d(num_channels, num_channels, kernel_size=3, padding=1)
        self.conv3 = nn.Conv2d(input_channels, num_channels, kernel_size=1, stride=strides) if use_1x1conv else None
        self.bn1 = nn.BatchNorm2d(num_channels)
        self.bn2 = nn.BatchNorm2d(num_channels)

    def forward(self, X):
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        if self.conv3:
            X = self.conv3(X)
        Y += X
        return F.relu(Y)


class TrashNet(nn.Module):
    """The second tutorial's residual network: [N, 3, 32, 32] to [N, classes]."""

    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, kernel_size=3, stride=1, padding=1)
        self.bn1 = nn.BatchNorm2d(32)
        self.mp = nn.MaxPool2d(kernel_size=3, stride=1, padding=1)
        self.res1 = Residual(32, 64, True, strides=2)
        self.res2 = Residual(64, 64)
        self.ap = nn.AdaptiveAvgPool2d((1, 1))
        self.linarg = nn.Linear(64, classes)

    def forward(self, X):
        X = self.mp(F.relu(self.bn1(self.conv1(X))))
        X = self.ap(self.res2(self.res1(X)))
        return self.linarg(X.view(-1, 64))


class CNN4(nn.Module):
    """The fourth tutorial's four convolutions: [N, 1, 28, 28] to [N, classes]."""

    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv2d(1, 16, kernel_size=5, stride=1, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.conv2 = self.stage(16, 32)
        self.conv3 = self.stage(32, 64)
        self.conv4 = self.stage(64, 128)
        self.fc = nn.Linear(1 * 1 * 128, classes)

    @staticmethod
    def stage(inputs, outputs):
        convolution = nn.Conv2d(inputs, outputs, kernel_size=5, stride=1, padding=2)
        return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2))

    def forward(self, x):
        out = self.conv4(self.conv3(self.conv2(self.conv1(x))))
        return self.fc(out.view(out.size(0), -1))


# name: the network with so many classes
NETWORKS = {
    "lenet": LeNet,
    "lenet5": LeNet5,
    "trashnet": TrashNet,
    "cnn4": CNN4,
    "resnet18": lambda classes: torchvision.models.resnet18(num_classes=classes),
    "vgg11": lambda classes: torchvision.models.vgg11(num_classes=classes),
}
