// d3 as it is vendored, minified: what its functions take and give is not known to the checker.

export const axisBottom: any;
export const axisLeft: any;
export const line: any;
export const scaleLinear: any;
export const scaleLog: any;
export const select: any;
