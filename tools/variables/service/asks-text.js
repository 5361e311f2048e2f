module.exports = async ({ resolveVariable }) => resolveVariable('just text');
