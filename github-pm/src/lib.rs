//! The porcelain: pipelines over the tools, and any host command, timed
