import { eigs, inv, multiply } from "mathjs";

/** Eigenvectors of a symmetric matrix, those of the largest eigenvalues first. */
export function symmetricEigenvectors(matrix: number[][]): number[][] {
  const { eigenvectors } = eigs(matrix) as {
    eigenvectors: { value: number; vector: number[] }[];
  };
  return [...eigenvectors].sort((a, b) => b.value - a.value).map(({ vector }) => vector);
}

/** Solves (gram + ridge·I)·X = right. */
export function ridgeSolve(gram: number[][], right: number[][], ridge: number): number[][] {
  const damped = gram.map((row, k) => row.map((value, c) => (c === k ? value + ridge : value)));
  return multiply(inv(damped), right) as number[][];
}
