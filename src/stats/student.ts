/**
 * P(|T| ≤ t) of Student's t distribution with a whole number of degrees of freedom, by its finite trigonometric series
 * (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4).
 *
 * @param t at least 0
 * @throws RangeError unless there is a positive whole number of degrees of freedom
 */
export function studentWithin(t: number, degrees: number): number {
  if (!Number.isInteger(degrees) || degrees < 1)
    throw new RangeError(`degrees of freedom must be a positive whole number, got ${degrees}`);
  const angle = Math.atan(t / Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const odd = degrees % 2 === 1;
  if (degrees === 1) return (2 * angle) / Math.PI;
  let term = odd ? cosine : 1;
  let sum = term;
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= ((k - 1) / k) * cosine ** 2;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}

/**
 * Two-sided quantile: the t with P(|T| > t) = `share` of Student's t distribution, 2.776 for 0.05 and 4 degrees of freedom.
 *
 * @param share in (0, 1)
 */
export function studentQuantile(share: number, degrees: number): number {
  if (!(share > 0 && share < 1)) throw new RangeError(`a share must lie between 0 and 1, got ${share}`);
  // P(|T| ≤ t) increases with t; bisect the angle, which is bounded, unlike t.
  let [low, high] = [0, Math.PI / 2];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (studentWithin(Math.sqrt(degrees) * Math.tan(middle), degrees) < 1 - share) low = middle;
    else high = middle;
  }
  return Math.sqrt(degrees) * Math.tan(low);
}
