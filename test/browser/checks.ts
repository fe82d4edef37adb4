import { join } from "node:path";
import type { Locator, Page } from "playwright-core";

/** Writes a line for each check and counts those that failed; a failed one leaves a picture of the page. */
export class Checks {
  private failures = 0;

  constructor(
    private readonly page: Page,
    private readonly out: string,
  ) {}

  get failed(): number {
    return this.failures;
  }

  /** @param look returns what was seen, as the line says it, and throws where it is not what it should be */
  async check(name: string, look: () => Promise<string>): Promise<void> {
    const begin = performance.now();
    try {
      const seen = await look();
      console.log(`✓ ${name}: ${seen} (${((performance.now() - begin) / 1000).toFixed(1)} s)`);
    } catch (error) {
      this.failures++;
      console.log(`✗ ${name}: ${error instanceof Error ? error.message : String(error)}`);
      await this.picture(`failed-${this.failures}`, this.page).catch(() =>
        console.log("  (the page gives no picture)"),
      );
    }
  }

  /** Keeps a picture of the page or of a part of it. */
  async picture(name: string, of: Page | Locator): Promise<void> {
    await of.screenshot({ path: join(this.out, `${name}.png`), animations: "disabled" });
  }
}

/** Fails where a check's condition does not hold. */
export function expect(holds: boolean, seen: string, wanted: string): void {
  if (!holds) throw new Error(`found ${seen}, expected ${wanted}`);
}
