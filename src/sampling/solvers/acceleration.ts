/**
 * Triangular Anderson acceleration (Tang et al. 2024): where R = F(X) - X is the residual of the sweep at the
 * states X, and ΔX and ΔR are the differences between the last few sweeps, point j moves to
 *
 *     F_j - Σ_q γ_q·(ΔX_j^q + ΔR_j^q)     with γ minimising   Σ_{u ≤ j} |R_u - Σ_q γ_q ΔR_u^q|²
 *
 * Every point has coefficients of its own, fitted to itself and the noisier points only, so that points still far from
 * solved do not disturb those before them. The normal equations of a point are those of the one before plus one point's
 * products: fitting all points costs one pass.
 */
export class TriangularAcceleration {
  readonly #size: number;
  readonly #columns: number;
  readonly #regularization: number;
  /** ΔX and ΔR, one array for each of the remembered differences, in turn. */
  readonly #moves: readonly Float64Array[];
  readonly #changes: readonly Float64Array[];
  readonly #states: Float64Array;
  readonly #residuals: Float64Array;
  /** Normal equations of the points added so far, their Cholesky factor and their solution. */
  readonly #gram: Float64Array;
  readonly #right: Float64Array;
  readonly #factor: Float64Array;
  readonly #coefficients: Float64Array;
  #turn = 0;
  /** Points up to this one have a sweep to be compared with. */
  #seen = 0;

  /**
   * @param points in the chain, each of `size` numbers.
   * @param columns differences to remember: one less than the memory of sweeps.
   * @param regularization added to the normal equations' diagonal, as a share of its mean.
   */
  constructor(points: number, size: number, columns: number, regularization: number) {
    const arrays = () => Array.from({ length: columns }, () => new Float64Array(points * size));
    this.#size = size;
    this.#columns = columns;
    this.#regularization = regularization;
    this.#moves = arrays();
    this.#changes = arrays();
    this.#states = new Float64Array(points * size);
    this.#residuals = new Float64Array(points * size);
    this.#gram = new Float64Array(columns ** 2);
    this.#right = new Float64Array(columns);
    this.#factor = new Float64Array(columns ** 2);
    this.#coefficients = new Float64Array(columns);
  }

  /** Remembers a sweep over the points first … last, and makes their fits start at `first`. */
  remember(states: Float64Array, residuals: Float64Array, first: number, last: number): void {
    this.#gram.fill(0);
    this.#right.fill(0);
    if (this.#columns === 0) return;
    const move = this.#moves[this.#turn];
    const change = this.#changes[this.#turn];
    this.#turn = (this.#turn + 1) % this.#columns;
    for (let k = first * this.#size; k < (last + 1) * this.#size; k++) {
      // Points new to the window have no difference yet; zeros make their update the plain one.
      const old = k < (this.#seen + 1) * this.#size;
      move[k] = old ? states[k] - this.#states[k] : 0;
      change[k] = old ? residuals[k] - this.#residuals[k] : 0;
      this.#states[k] = states[k];
      this.#residuals[k] = residuals[k];
    }
    this.#seen = last;
  }

  /** Adds the next point to the fit; to be called for every remembered point in order. */
  add(point: number): void {
    const m = this.#columns;
    const [from, to] = [point * this.#size, (point + 1) * this.#size];
    for (let p = 0; p < m; p++) {
      const change = this.#changes[p];
      for (let q = 0; q <= p; q++) this.#gram[p * m + q] += product(change, this.#changes[q], from, to);
      this.#right[p] += product(change, this.#residuals, from, to);
    }
  }

  /**
   * Corrects the plain update of a point, which the last {@link add} was for. It stays the plain one where the
   * differences determine nothing.
   */
  correct(point: number, update: Float64Array): void {
    if (!this.#solve()) return;
    for (let k = point * this.#size; k < (point + 1) * this.#size; k++) {
      for (let q = 0; q < this.#columns; q++) {
        update[k] -= this.#coefficients[q] * (this.#moves[q][k] + this.#changes[q][k]);
      }
    }
  }

  /** Solves the regularised normal equations by Cholesky; false where that has no finite answer. */
  #solve(): boolean {
    const m = this.#columns;
    const [factor, x] = [this.#factor, this.#coefficients];
    let diagonal = 0;
    for (let p = 0; p < m; p++) diagonal += this.#gram[p * m + p];
    const ridge = (this.#regularization * diagonal) / m;
    for (let p = 0; p < m; p++) {
      x[p] = this.#right[p];
      for (let q = 0; q <= p; q++) {
        let rest = this.#gram[p * m + q];
        for (let r = 0; r < q; r++) rest -= factor[p * m + r] * factor[q * m + r];
        if (q < p) {
          factor[p * m + q] = rest / factor[q * m + q];
          x[p] -= factor[p * m + q] * x[q];
        } else {
          if (!(rest + ridge > 0)) return false;
          factor[p * m + p] = Math.sqrt(rest + ridge);
        }
      }
      x[p] /= factor[p * m + p];
    }
    for (let p = m - 1; p >= 0; p--) {
      for (let r = p + 1; r < m; r++) x[p] -= factor[r * m + p] * x[r];
      x[p] /= factor[p * m + p];
    }
    return x.every(Number.isFinite);
  }
}

function product(a: Float64Array, b: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let k = from; k < to; k++) sum += a[k] * b[k];
  return sum;
}
