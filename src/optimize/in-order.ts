/**
 * Makes a tensor once all that it needs is made. Not by recursion: there may be thousands of nodes in a row.
 *
 * @param missing what has to be made before a tensor can be; none for one that is made.
 */
export function inOrder(
  tensor: string,
  missing: (name: string) => readonly string[],
  make: (name: string) => void,
): void {
  const wanted = [tensor];
  for (let next = wanted.at(-1); next !== undefined; next = wanted.at(-1)) {
    const first = missing(next);
    if (first.length > 0) wanted.push(...first);
    else {
      make(next);
      wanted.pop();
    }
  }
}
