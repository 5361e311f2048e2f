module.exports = async ({ resolveConfigurationProperty }) => resolveConfigurationProperty('custom');
