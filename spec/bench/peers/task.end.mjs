// The task of piscina and tinypool.
// biome-ignore lint/style/noDefaultExport: both pools look for it
export default value => value;
