"""A network as plain data: nodes on a grid and the edges between them. A diagram of a loss shows one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """A place of a network: its column and row, its words, and its weight from 0 to 1."""

    column: int
    row: int
    label: str
    weight: float


@dataclass(frozen=True)
class Edge:
    """An edge between two nodes, given by their numbers, with a weight from 0 to 1."""

    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class Network:
    """Nodes on a grid and the edges between them.

    `columns` and `rows` name the grid's lines, and `weight` says in words what the weights measure.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    xlabel: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    weight: str
