"""What generated modules need from the runtime, for type checkers only."""

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike

_T = TypeVar("_T", bound=np.generic)

class Memory:
    @classmethod
    def open(cls, name: str) -> Memory: ...
    @classmethod
    def create(cls, name: str, size: int) -> Memory: ...
    @classmethod
    def open_or_create(cls, name: str, size: int) -> Memory: ...
    def close(self) -> None: ...

class Array(Generic[_T]):
    def __init__(self, mem: Memory, name: str, capacity: int | None = ..., dtype: DTypeLike | None = ...) -> None: ...
    @classmethod
    def create(cls, mem: Memory, name: str, capacity: int, dtype: DTypeLike) -> Array[_T]: ...

class Queue(Generic[_T]):
    def __init__(self, mem: Memory, name: str, capacity: int | None = ..., dtype: DTypeLike | None = ...) -> None: ...
    @classmethod
    def create(cls, mem: Memory, name: str, capacity: int, dtype: DTypeLike) -> Queue[_T]: ...
