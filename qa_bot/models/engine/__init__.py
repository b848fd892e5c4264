"""What runs a BERT's layers on a processor, without torch.

In: a ``Bert``, weights by name. Out: the states of a sequence's tokens. ``bert`` says what the
weights are and computes with numpy, exactly and slowly; ``openvino_layers`` computes fast, and
is used only where both agree; ``tensors`` reads weights from a file.
"""
