// Blanks the code of other GPU architectures in a library with CUDA code, so that it packs into a third of the size.
//
// A fat binary holds the same kernels for several architectures, and the driver takes the entry that fits and never looks
// into the others. Those are filled with zeros in place: no offset moves. Regions without code for the wanted
// architecture stay as they are.

const MAGIC = 0xba55ed50;
const [HEADER_SIZE_AT, BODY_SIZE_AT] = [6, 8];
const ENTRY = { headerSize: 4, size: 8, architecture: 28 };

/** @returns how many bytes were blanked; `library` is changed. */
export function keepArchitecture(library, architecture) {
  const { offset, size } = section(library, ".nv_fatbin");
  let blanked = 0;
  for (let at = offset; at < offset + size; ) {
    if (library.readUInt32LE(at) !== MAGIC) {
      at += 8;
      continue;
    }
    const first = at + library.readUInt16LE(at + HEADER_SIZE_AT);
    const end = first + Number(library.readBigUInt64LE(at + BODY_SIZE_AT));
    const entries = [];
    for (let entry = first; entry < end; ) {
      const begin = entry + library.readUInt32LE(entry + ENTRY.headerSize);
      const next = begin + Number(library.readBigUInt64LE(entry + ENTRY.size));
      entries.push({ begin, next, architecture: library.readUInt32LE(entry + ENTRY.architecture) });
      entry = next;
    }
    if (entries.some((entry) => entry.architecture === architecture)) {
      for (const { begin, next } of entries.filter((entry) => entry.architecture !== architecture)) {
        library.fill(0, begin, next);
        blanked += next - begin;
      }
    }
    at = end;
  }
  return blanked;
}

/** Where a section of a 64-bit ELF file lies. */
function section(library, wanted) {
  if (library.readUInt32BE(0) !== 0x7f454c46 || library[4] !== 2) throw new Error("no 64-bit ELF file");
  const table = Number(library.readBigUInt64LE(40));
  const [entry, count, namesAt] = [58, 60, 62].map((at) => library.readUInt16LE(at));
  const place = (index) => {
    const at = table + index * entry;
    return {
      name: library.readUInt32LE(at),
      offset: Number(library.readBigUInt64LE(at + 24)),
      size: Number(library.readBigUInt64LE(at + 32)),
    };
  };
  const names = place(namesAt).offset;
  for (let index = 0; index < count; index++) {
    const found = place(index);
    const from = names + found.name;
    if (library.toString("latin1", from, library.indexOf(0, from)) === wanted) return found;
  }
  throw new Error(`the library has no section ${wanted}: it holds no CUDA code`);
}
