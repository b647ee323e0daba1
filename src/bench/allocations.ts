import { Session } from "node:inspector/promises";

/** Mean distance of two samples, in bytes: close enough for kilobytes to be seen. */
const SAMPLING_INTERVAL = 512;

interface Node {
  readonly selfSize: number;
  readonly children: readonly Node[];
}

/** Bytes of objects that a task puts on the JavaScript heap, whether or not they have been collected since. */
export async function bytesAllocated(task: () => Promise<void>): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    await session.post("HeapProfiler.startSampling", {
      samplingInterval: SAMPLING_INTERVAL,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    await task();
    const { profile } = await session.post("HeapProfiler.stopSampling");
    return sizeOf(profile.head);
  } finally {
    session.disconnect();
  }
}

function sizeOf({ selfSize, children }: Node): number {
  return children.reduce((sum, child) => sum + sizeOf(child), selfSize);
}
