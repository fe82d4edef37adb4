import type { z } from "zod";

/**
 * The part of a server's response that is read: a server may send anything, whatever the SDK's types say.
 *
 * @throws Error telling what is missing
 */
export function readResponse<T>(schema: z.ZodType<T>, response: unknown): T {
  const result = schema.safeParse(response);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new Error(`a response of another shape: ${path.join(".") || "all of it"}: ${message}`);
}
