import type { GraphBuilder } from "../onnx/graph-builder.js";
import type { Term } from "./layers.js";
import type { ObservationGraph, Writer } from "./observation-graph.js";
import { type Part, type Separable, separable } from "./separable.js";
import type { Source } from "./source.js";
import type { Target } from "./target.js";

interface Columns {
  readonly first: number;
  readonly count: number;
}

/** Several tensors side by side: a [batch, width] tensor, and where in it each of them begins. */
interface Group {
  readonly width: number;
  readonly begins: ReadonlyMap<string, number>;
  readonly write: () => string;
}

interface Ways {
  /** Whether linear maps become tables over the levels. */
  readonly tables: boolean;
  /** Where the part of the observation is computed; in the graph itself without. */
  readonly observation: ObservationGraph | undefined;
}

/**
 * Writes the terms of level and observation. Linear maps of the two together become one table over the levels and one
 * product with the single observation, for all layers at once; anything else is computed as it was.
 */
export class Conditioning {
  readonly #source: Source;
  readonly #graph: GraphBuilder;
  readonly #original: (name: string) => string;
  readonly #target: Pick<Target, "termRank" | "mostParts">;
  readonly #observation: ObservationGraph | undefined;
  readonly #groups = new Map<string, Group>();
  readonly #columns = new Map<Group, readonly Columns[]>();
  readonly #written = new Map<Group, ReadonlyMap<number, string>>();
  /** Linear maps that became tables. */
  tabulated = 0;

  constructor(
    source: Source,
    graph: GraphBuilder,
    original: (name: string) => string,
    terms: readonly Term[],
    target: Pick<Target, "termRank" | "mostParts">,
    { tables, observation }: Ways,
  ) {
    this.#source = source;
    this.#graph = graph;
    this.#original = original;
    this.#target = target;
    this.#observation = observation;
    this.#arrange(terms, tables);
  }

  /** [batch, count] or [batch, 1, count], as the rank says; the batch is 1 for terms of the observation alone. */
  term({ flat, first }: Term): string {
    const group = this.#groups.get(flat) as Group;
    let written = this.#written.get(group);
    if (!written) {
      written = this.#cut(group);
      this.#written.set(group, written);
    }
    return written.get((group.begins.get(flat) as number) + first) as string;
  }

  #arrange(terms: readonly Term[], tables: boolean): void {
    const maps = new Map<string, { flat: string; map: Separable }[]>();
    for (const { flat, width } of new Map(terms.map((term) => [term.flat, term])).values()) {
      const map = tables ? separable(this.#source, flat) : undefined;
      if (map) maps.set(map.key, [...(maps.get(map.key) ?? []), { flat, map }]);
      else this.#groups.set(flat, this.#opaque(flat, width));
    }
    for (const members of maps.values()) {
      const group = this.#together(members);
      for (const { flat } of members) this.#groups.set(flat, group);
    }
    for (const { flat, first, count } of terms) {
      const group = this.#groups.get(flat) as Group;
      const begin = (group.begins.get(flat) as number) + first;
      const known = this.#columns.get(group) ?? [];
      if (!known.some((columns) => columns.first === begin)) {
        this.#columns.set(group, [...known, { first: begin, count }]);
      }
    }
  }

  #opaque(flat: string, width: number): Group {
    const rank = this.#source.dims(flat)?.length;
    const isRepeated = this.#source.isObservationRepeated(flat);
    const tensor = () => (isRepeated && this.#observation?.tensor(flat)) || this.#original(flat);
    const write = () => (rank === 2 ? tensor() : this.#graph.reshape(tensor(), -1, width));
    return { width, begins: new Map([[flat, 0]]), write };
  }

  #together(members: readonly { readonly flat: string; readonly map: Separable }[]): Group {
    const begins = new Map<string, number>();
    let width = 0;
    for (const { flat, map } of members) {
      begins.set(flat, width);
      width += map.width;
    }
    const maps = members.map(({ map }) => map);
    const key = members.map(({ flat }) => flat).join(" ");
    return { width, begins, write: () => this.#sum(key, maps, width) };
  }

  #sum(key: string, maps: readonly Separable[], width: number): string {
    const graph = this.#graph;
    this.tabulated += maps.length;
    const [{ parts }] = maps;
    const summands: string[] = [];
    const ofLevel = parts.filter((part) => part.of === "level");
    if (ofLevel.length > 0) {
      const { levels, data } = this.#table(maps, ofLevel, width);
      summands.push(graph.op("Gather", [graph.floats([levels, width], data), "level"]));
    }
    const ofObservation = parts.filter((part) => part.of === "observation");
    if (ofObservation.length > 0) {
      const write = ofObserved(maps, ofObservation, width, ofLevel.length === 0);
      const term = this.#observation?.term(key, [1, width], write);
      summands.push(term ?? write(graph, this.#original));
    }
    return summands.reduce((sum, summand) => graph.op("Add", [sum, summand]));
  }

  #table(maps: readonly Separable[], parts: readonly Part[], width: number) {
    const tables = parts.map((part) => this.#source.table(part.tensor)?.data as Float32Array);
    const levels = tables[0].length / parts[0].count;
    const bias = biasesOf(maps, width);
    const data = new Float64Array(levels * width);
    for (let level = 0; level < levels; level++) data.set(bias, level * width);
    parts.forEach((part, k) => {
      const weights = columnsOf(maps, part, width);
      for (let level = 0; level < levels; level++) {
        for (let e = 0; e < part.count; e++) {
          const raw = tables[k][level * part.count + e];
          const value = maps[0].mish
            ? raw * Math.tanh(Math.max(raw, 0) + Math.log1p(Math.exp(-Math.abs(raw))))
            : raw;
          for (let c = 0; c < width; c++) data[level * width + c] += value * weights[e * width + c];
        }
      }
    });
    return { levels, data };
  }

  /** The terms of a group, by their first columns: in one Split where they follow one another without gaps. */
  #cut(group: Group): Map<number, string> {
    const graph = this.#graph;
    const written = group.write();
    const { termRank, mostParts } = this.#target;
    const axis = termRank - 1;
    const tensor = termRank === 3 ? graph.reshape(written, -1, 1, group.width) : written;
    const columns = [...(this.#columns.get(group) ?? [])].sort((a, b) => a.first - b.first);
    let end = 0;
    const gapless = columns.every(({ first, count }) => {
      const fits = first === end;
      end = first + count;
      return fits;
    });
    if (gapless && end === group.width) {
      const sizes = columns.map(({ count }) => count);
      const parts = split(graph, tensor, sizes, axis, mostParts);
      return new Map(columns.map(({ first }, k) => [first, parts[k]]));
    }
    return new Map(
      columns.map(({ first, count }) => {
        const bounds = [[first], [first + count], [axis]].map((values) => graph.integers(values));
        return [first, graph.op("Slice", [tensor, ...bounds])];
      }),
    );
  }
}

/** A tensor in parts of these sizes; by as many splits as it takes when one must not have that many parts. */
function split(
  graph: GraphBuilder,
  tensor: string,
  sizes: readonly number[],
  axis: number,
  most: number,
): string[] {
  if (sizes.length === 1) return [tensor];
  const each = Math.ceil(sizes.length / Math.min(most, sizes.length));
  const groups: number[][] = [];
  for (let k = 0; k < sizes.length; k += each) groups.push(sizes.slice(k, k + each));
  const totals = groups.map((group) => group.reduce((sum, size) => sum + size, 0));
  const parts = graph.ops("Split", [tensor, graph.integers(totals)], groups.length, { axis });
  return groups.flatMap((group, k) => split(graph, parts[k], group, axis, most));
}

/** The part of the observation; with the bias, which no table carries then. */
function ofObserved(
  maps: readonly Separable[],
  parts: readonly Part[],
  width: number,
  biased: boolean,
): Writer {
  return (graph, original) => {
    const summands = parts.map((part) => {
      const tensor = original(part.tensor);
      const weights = graph.floats([part.count, width], columnsOf(maps, part, width));
      return graph.op("MatMul", [maps[0].mish ? graph.op("Mish", [tensor]) : tensor, weights]);
    });
    if (biased) summands.push(graph.floats([width], biasesOf(maps, width)));
    return summands.reduce((sum, summand) => graph.op("Add", [sum, summand]));
  };
}

/** [part's rows, width]: the weights of all maps side by side. */
function columnsOf(maps: readonly Separable[], { first, count }: Part, width: number): Float64Array {
  const all = new Float64Array(count * width);
  let begin = 0;
  for (const map of maps) {
    for (let row = 0; row < count; row++) {
      const at = (first + row) * map.width;
      all.set(map.weights.subarray(at, at + map.width), row * width + begin);
    }
    begin += map.width;
  }
  return all;
}

function biasesOf(maps: readonly Separable[], width: number): Float64Array {
  const all = new Float64Array(width);
  let begin = 0;
  for (const { bias } of maps) {
    all.set(bias, begin);
    begin += bias.length;
  }
  return all;
}
